"""Tests of the room that divides accounts into books."""
