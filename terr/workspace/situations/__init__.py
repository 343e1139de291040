"""What happens between annual plans: a rep leaves, some are hired, territories merge or split; options with reasons."""
