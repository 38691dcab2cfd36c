locals {
  queue_name        = "${var.name}-inputs"
  dead_letters_name = "${var.name}-dead-letters"

  queue_arn        = "${local.arn_prefixes.sqs}:${local.queue_name}"
  dead_letters_arn = "${local.arn_prefixes.sqs}:${local.dead_letters_name}"

  # What AWS advises, so that a message is not handed out again while it waits for its batch, while the run that it began is
  # still at work, or while Lambda tries again what was throttled.
  visibility_seconds = 6 * var.timeout_seconds + var.batch_window_seconds

  queues = merge(
    { dead_letters = { name = local.dead_letters_name, arn = local.dead_letters_arn } },
    local.has_queue ? { inputs = { name = local.queue_name, arn = local.queue_arn } } : {},
  )

  queue_only_tls = {
    for use, queue in local.queues : use => {
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = queue.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }

  queue_statements = {
    dead_letters = [local.queue_only_tls.dead_letters]
    inputs = concat(
      [for use, statement in local.queue_only_tls : statement if use == "inputs"],
      local.has_notifications ? [{
        Sid       = "NotificationsOfThePendingZone"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = merge(local.this_account, { ArnEquals = { "aws:SourceArn" = local.bucket_arns.landing } })
      }] : [],
    )
  }
}

# A queue is the entrance of all that asks for a run without waiting for it, notifications and the schedule: there a table
# that is busy is no failure, what is left is asked for again, and everything that asked within a minute becomes one run.
resource "aws_sqs_queue" "inputs" {
  count = local.has_queue ? 1 : 0

  name                       = local.queue_name
  visibility_timeout_seconds = local.visibility_seconds
  message_retention_seconds  = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags

  # A busy table costs a message a receive, so it takes more than a few of them to tell that one is beyond help.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn, maxReceiveCount = var.receives_max })
}

# What was tried in vain. Nothing is lost by it: the inputs that a message is about are still pending.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters_name
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = jsonencode({ Version = "2012-10-17", Statement = local.queue_statements.dead_letters })
}

resource "aws_sqs_queue_policy" "inputs" {
  count = local.has_queue ? 1 : 0

  queue_url = aws_sqs_queue.inputs[0].url
  policy    = jsonencode({ Version = "2012-10-17", Statement = local.queue_statements.inputs })
}

resource "aws_s3_bucket_notification" "landing" {
  count = local.has_notifications ? 1 : 0

  bucket = local.bucket_names.landing

  queue {
    id            = "pending"
    queue_arn     = aws_sqs_queue.inputs[0].arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "pending/"
  }

  # S3 tries the queue before it takes the setting.
  depends_on = [aws_sqs_queue_policy.inputs, aws_s3_bucket_policy.made]
}

resource "aws_lambda_event_source_mapping" "inputs" {
  count = local.has_queue ? 1 : 0

  event_source_arn        = aws_sqs_queue.inputs[0].arn
  function_name           = aws_lambda_function.distributor.arn
  function_response_types = ["ReportBatchItemFailures"]
  enabled                 = var.enabled
  tags                    = var.tags

  # One run for all of a batch, so a larger one and a longer wait make fewer runs and larger files. A notification has about
  # a kilobyte, and an invocation takes six megabytes.
  batch_size                         = 1000
  maximum_batching_window_in_seconds = var.batch_window_seconds

  scaling_config {
    # The least that there is. One of the two finds the table busy.
    maximum_concurrency = 2
  }
}
