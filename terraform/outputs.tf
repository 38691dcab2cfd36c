output "pending_url" {
  description = "Where producers put inputs, each written once and under a new name."
  value       = "s3://${local.bucket_names.landing}/pending/"
}

output "bucket_names" {
  description = "Name of the bucket of each zone."
  value       = local.bucket_names
}

output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.distributor.function_name
}

output "function_arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.distributor.arn
}

output "role_arn" {
  description = "ARN of the role that the function has."
  value       = aws_iam_role.function.arn
}

output "log_group_name" {
  description = "Name of the log group of the function."
  value       = aws_cloudwatch_log_group.function.name
}

output "database_name" {
  description = "Name of the database in the catalog."
  value       = aws_glue_catalog_database.events.name
}

output "table_name" {
  description = "Name of the table in the database."
  value       = aws_glue_catalog_table.events.name
}
