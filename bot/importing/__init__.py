"""Draft question sets from documents and tables of questions."""
