# The sweep: a run takes what is pending, whatever became of the notifications of it.
#
# It goes through the queue like them. An invocation of the function that finds the table busy would fail, be repeated twice
# and then be reported, although nothing is wrong.
resource "aws_scheduler_schedule" "sweep" {
  count = var.schedule == null ? 0 : 1

  name                = "${var.name}-sweep"
  description         = "Asks for a run, so that no input waits for a notification that was lost."
  schedule_expression = var.schedule
  state               = var.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sqs_queue.inputs[0].arn
    role_arn = aws_iam_role.schedule[0].arn

    # A queue is for news and takes no commands, and the news is that it is time. Scheduler fills the time in where it finds
    # these words, so they are written and not encoded: `jsonencode` would write the brackets as \u003c and \u003e.
    input = <<-JSON
      {"detail-type": "Scheduled Event", "source": "aws.scheduler", "time": "<aws.scheduler.scheduled-time>"}
    JSON

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }

    retry_policy {
      # The next one asks for the same.
      maximum_event_age_in_seconds = 60 * 60
      maximum_retry_attempts       = 10
    }
  }

  depends_on = [aws_iam_role_policy.schedule]
}

resource "aws_iam_role" "schedule" {
  count = var.schedule == null ? 0 : 1

  name        = "${var.name}-sweep"
  description = "What the schedule may do."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = local.this_account
    }]
  })

  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "schedule" {
  count = var.schedule == null ? 0 : 1

  name = "ask"
  role = aws_iam_role.schedule[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "AskForARun"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.queue_arn, local.dead_letters_arn]
      }],
      var.kms_key_arn == null ? [] : [{
        Sid       = "UseKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = [local.key_services.sqs] } }
      }],
    )
  })
}
