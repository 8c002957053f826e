"""Fuzz targets: each takes bytes, makes a hostile input of them and fails if our code does anything but answer or decline."""
