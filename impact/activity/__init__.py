"""What the service does, from a data package of published figures: tables, charts, and the page that shows them."""
