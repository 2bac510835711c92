"""Extensions of the bot that stand on their own."""
