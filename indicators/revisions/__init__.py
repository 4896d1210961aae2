"""Earlier editions: what they published, what was revised, the frozen base, provisional and final."""
