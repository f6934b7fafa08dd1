"""Makes the small model that ships in models/demo: from photographs to a bundle (scripts/train_demo)."""
