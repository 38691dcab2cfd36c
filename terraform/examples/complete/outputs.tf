output "events" {
  description = "Where things are."
  value       = module.events
}
