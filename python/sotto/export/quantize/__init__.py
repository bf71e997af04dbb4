"""Precisions and recipes, and .tflite files quantised by them."""
