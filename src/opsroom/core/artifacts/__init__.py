"""Files as people and rules deal with them: in, out, kept, held, moved between tiers, and looked after."""
