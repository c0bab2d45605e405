"""How a teacher annotates and generates."""
