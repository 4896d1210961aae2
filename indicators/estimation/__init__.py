"""From cells to numbers with errors: strata, moments, intervals, quality, response, disclosure control."""
