"""The pages of a pack, one builder each: from the book to a sentence, its charts and its tables."""
