"""One short file per page; a view orders pieces and computes nothing."""
