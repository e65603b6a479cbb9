"""Question sets: their files, how they are loaded, checked and kept up to date."""
