"""What pages are made of, one short file each: a block orders pieces on the screen, and computes nothing."""
