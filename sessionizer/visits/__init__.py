"""Where one visit ends and the next begins: named rules, and the presets that other tools use."""
