"""The bundled demo: fictional events, the small model that hears them, how both were made."""
