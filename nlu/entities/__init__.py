"""Finding the things a sentence names (places, times, plates, money …) by rule and by list, with exact offsets."""
