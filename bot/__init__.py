"""A bot for reading groups: a question a day, its discussion kept, a digest a week."""
