"""What is published: the columns of the results and of the further tables, and the sealed folder that holds them."""
