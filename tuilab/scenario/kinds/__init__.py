"""What a scenario of each kind may say, measures and likes to be seen with: a file a kind."""
