"""Rules that need one file and nothing else."""
