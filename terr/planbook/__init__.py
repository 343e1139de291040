"""Territory plans: what people write, the reasons of target accounts, cadences over working days, a drafted SWOT."""
