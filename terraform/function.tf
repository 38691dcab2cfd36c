locals {
  function_name = "${var.name}-distributor"

  # Lambda takes text only, and a variable that nobody set is not there.
  optional_environment = {
    EVENTS_MEMORY          = var.memory_budget_bytes
    EVENTS_THREADS         = var.threads
    EVENTS_COMPRESSION     = var.compression
    EVENTS_REPAIR          = var.repair
    EVENTS_DEDUP_HORIZON   = var.dedup_horizon_days
    EVENTS_FOLD_BELOW      = var.fold_below_bytes
    EVENTS_READER_GRACE    = var.reader_grace_seconds
    EVENTS_INPUT_BYTES_MAX = var.input_bytes_max
    EVENTS_GLUE_DATABASE   = var.catalog == "partitions" ? local.database_name : null
    EVENTS_GLUE_TABLE      = var.catalog == "partitions" ? var.table_name : null
  }

  environment = merge(
    { for zone, bucket in local.bucket_names : "EVENTS_${upper(zone)}" => "s3://${bucket}" },
    { for name, value in local.optional_environment : name => tostring(value) if value != null },
  )
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_lambda_function" "distributor" {
  function_name    = local.function_name
  description      = "Turns pending events into rows of the table."
  role             = aws_iam_role.function.arn
  filename         = var.lambda_zip
  source_code_hash = filebase64sha256(var.lambda_zip)
  handler          = "bootstrap"
  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  memory_size      = var.memory_mb
  timeout          = var.timeout_seconds
  tags             = var.tags

  reserved_concurrent_executions = var.reserved_concurrency

  ephemeral_storage {
    size = var.scratch_mb
  }

  environment {
    variables = local.environment
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.function.name
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  # Without its rights the first invocation fails, and without a table it would make one, before Terraform does.
  depends_on = [aws_iam_role_policy.function, aws_glue_catalog_table.registered]
}

# An asynchronous invocation that ends with an error is repeated a minute and three minutes later. That is safe, because
# every run goes on from the table's log, and the first repetition comes when the lease of a run that was killed has ended.
resource "aws_lambda_function_event_invoke_config" "distributor" {
  function_name          = aws_lambda_function.distributor.function_name
  maximum_retry_attempts = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}
