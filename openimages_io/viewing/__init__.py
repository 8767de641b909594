"""What people look at: pictures made small, annotations drawn on them, and the numbers of a task."""
