"""The sample tracker's own program, copied into its folder and run there."""
