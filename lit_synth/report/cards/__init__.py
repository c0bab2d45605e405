"""Cards in the form that model hubs and `datasets` read."""
