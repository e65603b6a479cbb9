"""The use cases, one module each. They decide; adapters translate and the store keeps."""
