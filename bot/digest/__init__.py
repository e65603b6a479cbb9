"""Pure functions that turn a week of discussion into a digest: agreement, ranking, compiling, rendering."""
