# What is measured, for alarms and the dashboard. Names of the first group are those of `crates/events-lambda/src/metrics.rs`.
locals {
  namespace = "EventDistributor"

  # The core's error `Ledger`: what was read is not what would be written, so nothing was published.
  ledger_error = "the ledger does not balance"

  of_function     = { FunctionName = local.function_name }
  of_queue        = { QueueName = local.queue_name }
  of_dead_letters = { QueueName = local.dead_letters_name }
  of_workflow     = { StateMachineArn = local.workflow_arns.machine }
}

# A run that does not balance fails like any other in the metrics of the function, but it is a fault of the program, which no
# repetition mends.
resource "aws_cloudwatch_log_metric_filter" "ledger" {
  name           = "${var.name}-ledger-imbalance"
  log_group_name = aws_cloudwatch_log_group.function.name
  pattern        = "\"${local.ledger_error}\""

  metric_transformation {
    # A metric of a filter on text has no dimensions, so the function is in its name.
    name      = "LedgerImbalances-${local.function_name}"
    namespace = local.namespace
    value     = "1"
    unit      = "Count"
  }
}
