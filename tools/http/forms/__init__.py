"""Forms, read within their limits: fields as text, files spooled."""
