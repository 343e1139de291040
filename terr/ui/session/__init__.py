"""What one window remembers, its errors and its navigation; what all windows share."""
