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

output "environment" {
  description = "The function's variables `EVENTS_*`: commands by hand on this table need the same, as docs/OPERATIONS.md shows. With others they would drop rows, or leave partitions unregistered."
  value       = tomap(local.environment)
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
  description = "Name of the database in the catalog; null without a catalog."
  value       = one(aws_glue_catalog_database.events[*].name)
}

output "table_name" {
  description = "Name of the table in the database; null without a catalog."
  value       = try(local.glue_table.name, null)
}

output "stage_table_name" {
  description = "Name of the table of what is parsed and not yet distributed; null without a catalog."
  value       = one(aws_glue_catalog_table.stage[*].name)
}

output "queue_url" {
  description = "URL of the queue of all that asks for a run; null when nothing does."
  value       = one(aws_sqs_queue.inputs[*].url)
}

output "queue_arn" {
  description = "ARN of that queue."
  value       = one(aws_sqs_queue.inputs[*].arn)
}

output "dead_letters_url" {
  description = "URL of the queue of what was tried in vain."
  value       = aws_sqs_queue.dead_letters.url
}

output "workflow_arn" {
  description = "ARN of the state machine; null without one."
  value       = one(aws_sfn_state_machine.workflow[*].arn)
}

output "workgroup_name" {
  description = "Name of Athena's workgroup; null without one."
  value       = one(aws_athena_workgroup.events[*].name)
}

output "alarm_topic_arn" {
  description = "ARN of the topic that alarms go to; null without alarms."
  value       = one(aws_sns_topic.alarms[*].arn)
}

output "dashboard_name" {
  description = "Name of the dashboard; null without one."
  value       = one(aws_cloudwatch_dashboard.events[*].dashboard_name)
}

output "producer_policy_arn" {
  description = "ARN of the policy for who writes inputs."
  value       = aws_iam_policy.producer.arn
}

output "reader_policy_arn" {
  description = "ARN of the policy for who queries the table."
  value       = aws_iam_policy.reader.arn
}

output "key_policy_statements" {
  description = "What the policy of the key must allow besides, as JSON: S3 and CloudWatch write to the queue and the topic themselves. Write them into the key's policy by hand, as examples/complete does: a key made with this output would wait for the module, which waits for the key. Empty without a key."
  value       = jsonencode(local.key_policy_statements)
}
