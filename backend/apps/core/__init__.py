"""What every app needs and no app owns: errors, their JSON form, pages, throttling, signatures."""
