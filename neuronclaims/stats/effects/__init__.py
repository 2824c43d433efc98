"""How large an effect is, and how surely: estimates with their intervals."""
