"""Turns an InstructPix2Pix model of diffusers or of the original layout into a bundle (models/README.md)."""
