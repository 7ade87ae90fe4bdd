"""An independent reading of erroneous solutions, which shares no code with what makes them."""
