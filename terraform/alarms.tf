locals {
  # Each says what silence means. It is an alarm only where there should be news.
  alarms = { for name, alarm in merge(
    {
      errors = {
        description = "The function has failed twice within the time of two tries: inputs stay pending. Its log has a line with the cause, and docs/LAMBDA.md says what to do about each `errorType`."
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        dimensions  = local.of_function
        statistic   = "Sum"
        # What fails once is repeated, and is nobody's concern. A batch that failed comes again when its messages are visible
        # again, so a table with few inputs fails no more often than that.
        period     = 300
        periods    = max(3, ceil(2 * local.visibility_seconds / 300))
        datapoints = 2
        comparison = "GreaterThanOrEqualToThreshold"
        threshold  = 1
        # No invocation, no error.
        missing = "notBreaching"
      }

      throttles = {
        description = "Invocations are refused for a quarter of an hour: `reserved_concurrency`, or the account's quota, is too small."
        namespace   = "AWS/Lambda"
        metric      = "Throttles"
        dimensions  = local.of_function
        statistic   = "Sum"
        period      = 300
        periods     = 3
        datapoints  = 3
        comparison  = "GreaterThanOrEqualToThreshold"
        # A few are what a reservation is for: whoever is refused waits and asks again.
        threshold = 10
        missing   = "notBreaching"
      }

      dead_letters = {
        description = "Something was tried in vain. The inputs are still pending; the message says what it was about."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = local.of_dead_letters
        statistic   = "Maximum"
        period      = 300
        periods     = 1
        datapoints  = 1
        comparison  = "GreaterThanThreshold"
        threshold   = 0
        # A queue that has been empty for hours is silent.
        missing = "notBreaching"
      }

      ledger = {
        description = "A run did not balance: records would have been lost or doubled, so it published nothing. This is a fault of the program: report it, with the line of the log."
        namespace   = local.namespace
        metric      = "LedgerImbalances-${local.function_name}"
        dimensions  = {}
        statistic   = "Sum"
        period      = 300
        periods     = 1
        datapoints  = 1
        comparison  = "GreaterThanThreshold"
        threshold   = 0
        # The metric exists only where the text was found.
        missing = "notBreaching"
      }
    },
    local.has_queue ? {
      late = {
        description = "Inputs wait for longer than two tries take: runs are too slow, fail or find the table busy."
        namespace   = "AWS/SQS"
        metric      = "ApproximateAgeOfOldestMessage"
        dimensions  = local.of_queue
        statistic   = "Maximum"
        period      = 300
        periods     = 1
        datapoints  = 1
        comparison  = "GreaterThanThreshold"
        threshold   = 2 * local.visibility_seconds
        missing     = "notBreaching"
      }
    } : {},
    var.alarm_idle_hours == null ? {} : {
      idle = {
        description = "No input was processed for ${coalesce(var.alarm_idle_hours, 0)} hours: producers are silent, or nothing reaches the function."
        namespace   = local.namespace
        metric      = "Inputs"
        dimensions  = local.of_function
        statistic   = "Sum"
        period      = 3600
        periods     = var.alarm_idle_hours
        datapoints  = var.alarm_idle_hours
        comparison  = "LessThanThreshold"
        threshold   = 1
        # No run at all is what this alarm is for.
        missing = "breaching"
      }
    },
    var.workflow ? {
      workflow = {
        description = "An execution of the workflow did not succeed. Its inputs are pending or in the stage, and the next one takes them."
        namespace   = "AWS/States"
        dimensions  = local.of_workflow
        statistic   = "Sum"
        period      = 300
        periods     = 1
        datapoints  = 1
        metrics     = { failed = "ExecutionsFailed", late = "ExecutionsTimedOut", aborted = "ExecutionsAborted" }
        expression  = "FILL(failed, 0) + FILL(late, 0) + FILL(aborted, 0)"
        comparison  = "GreaterThanThreshold"
        threshold   = 0
        missing     = "notBreaching"
      }
    } : {},
    {
      rejects = {
        description = "More than ${var.alarm_reject_percent} % of an hour's records could not be read: a producer writes something else than it did. They are in the quarantine, and the log names the objects."
        namespace   = local.namespace
        dimensions  = local.of_function
        statistic   = "Sum"
        period      = 3600
        periods     = 1
        datapoints  = 1
        metrics     = { rejects = "Rejects", records = "Records" }
        expression  = "IF(records > 0, 100 * rejects / records, 0)"
        comparison  = "GreaterThanThreshold"
        threshold   = var.alarm_reject_percent
        # No run, no rejects.
        missing = "notBreaching"
      }
    },
  ) : name => alarm if var.alarms }
}

resource "aws_sns_topic" "alarms" {
  count = var.alarms ? 1 : 0

  name = "${var.name}-alarms"
  # CloudWatch may not use the key that SNS has of its own, so without another one the topic has none. Alarms hold no records.
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count = var.alarms ? 1 : 0

  arn = aws_sns_topic.alarms[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "${local.arn_prefixes.sns}:${var.name}-alarms"
        Condition = merge(local.this_account, { ArnLike = { "aws:SourceArn" = "${local.arn_prefixes.cloudwatch}:alarm:${var.name}-*" } })
      },
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = "${local.arn_prefixes.sns}:${var.name}-alarms"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# Whoever has the address confirms it, by a letter that SNS sends.
resource "aws_sns_topic_subscription" "email" {
  count = var.alarms && var.alarm_email != null ? 1 : 0

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}"
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
  ok_actions          = [aws_sns_topic.alarms[0].arn]
  tags                = var.tags

  # One metric, or an expression of several.
  namespace   = can(each.value.metric) ? each.value.namespace : null
  metric_name = try(each.value.metric, null)
  dimensions  = can(each.value.metric) ? each.value.dimensions : null
  statistic   = can(each.value.metric) ? each.value.statistic : null
  period      = can(each.value.metric) ? each.value.period : null

  dynamic "metric_query" {
    for_each = try(each.value.metrics, {})

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        stat        = each.value.statistic
        period      = each.value.period
      }
    }
  }

  dynamic "metric_query" {
    for_each = can(each.value.expression) ? [each.value.expression] : []

    content {
      id          = "value"
      label       = each.key
      expression  = metric_query.value
      return_data = true
    }
  }
}
