locals {
  # A question, and the metrics that answer it: each a namespace, a name, dimensions and a statistic.
  panels = concat(
    [
      {
        title = "Is it healthy? Invocations and what became of them"
        metrics = [
          ["AWS/Lambda", "Invocations", local.of_function, "Sum"],
          ["AWS/Lambda", "Errors", local.of_function, "Sum"],
          ["AWS/Lambda", "Throttles", local.of_function, "Sum"],
          [local.namespace, "RunsFailed", local.of_function, "Sum"],
          [local.namespace, "RunsBusy", local.of_function, "Sum"],
          [local.namespace, "LedgerImbalances-${local.function_name}", {}, "Sum"],
        ]
      },
      {
        title = "Is it healthy? What was tried in vain"
        metrics = concat(
          [["AWS/SQS", "ApproximateNumberOfMessagesVisible", local.of_dead_letters, "Maximum"]],
          var.workflow ? [
            ["AWS/States", "ExecutionsStarted", local.of_workflow, "Sum"],
            ["AWS/States", "ExecutionsSucceeded", local.of_workflow, "Sum"],
            ["AWS/States", "ExecutionsFailed", local.of_workflow, "Sum"],
            ["AWS/States", "ExecutionsTimedOut", local.of_workflow, "Sum"],
            ["AWS/States", "ExecutionsAborted", local.of_workflow, "Sum"],
          ] : [],
        )
      },
      {
        title = "How much? Records, events and rows"
        metrics = [
          [local.namespace, "Records", local.of_function, "Sum"],
          [local.namespace, "Events", local.of_function, "Sum"],
          [local.namespace, "Rows", local.of_function, "Sum"],
          [local.namespace, "Duplicates", local.of_function, "Sum"],
          [local.namespace, "Superseded", local.of_function, "Sum"],
        ]
      },
      {
        title = "How much? Inputs and bytes"
        metrics = [
          [local.namespace, "Inputs", local.of_function, "Sum"],
          [local.namespace, "Partitions", local.of_function, "Sum"],
          [local.namespace, "Files", local.of_function, "Sum"],
          [local.namespace, "BytesRead", local.of_function, "Sum"],
          [local.namespace, "BytesWritten", local.of_function, "Sum"],
          [local.namespace, "Requests", local.of_function, "Sum"],
        ]
      },
      {
        title = "How late? Inputs that wait"
        metrics = concat(
          [[local.namespace, "InputsLeft", local.of_function, "Maximum"]],
          local.has_queue ? [
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", local.of_queue, "Maximum"],
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", local.of_queue, "Maximum"],
            ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", local.of_queue, "Maximum"],
          ] : [],
        )
      },
      {
        title = "How late? Milliseconds of a run"
        metrics = [
          [local.namespace, "Duration", local.of_function, "Maximum"],
          [local.namespace, "PlanDuration", local.of_function, "Maximum"],
          [local.namespace, "ParseDuration", local.of_function, "Maximum"],
          [local.namespace, "DeduplicateDuration", local.of_function, "Maximum"],
          [local.namespace, "WriteDuration", local.of_function, "Maximum"],
          [local.namespace, "PublishDuration", local.of_function, "Maximum"],
          [local.namespace, "MoveDuration", local.of_function, "Maximum"],
          ["AWS/Lambda", "Duration", local.of_function, "Maximum"],
        ]
      },
      {
        title = "What was rejected, and what was repaired?"
        metrics = [
          [local.namespace, "Rejects", local.of_function, "Sum"],
          [local.namespace, "Repaired", local.of_function, "Sum"],
        ]
      },
    ],
  )

  panel_widgets = [
    for index, panel in local.panels : {
      type   = "metric"
      x      = 12 * (index % 2)
      y      = 6 * floor(index / 2)
      width  = 12
      height = 6
      properties = {
        title  = panel.title
        region = data.aws_region.current.id
        view   = "timeSeries"
        period = 300
        metrics = [
          for metric in panel.metrics :
          concat([metric[0], metric[1]], flatten([for name, value in metric[2] : [name, value]]), [{ stat = metric[3] }])
        ]
      }
    }
  ]

  # The objects of the quarantine are named in a line of the log for each run that had rejects.
  rejects_widget = {
    type   = "log"
    x      = 12
    y      = 6 * floor(length(local.panels) / 2)
    width  = 12
    height = 6
    properties = {
      title  = "Which objects of the quarantine hold rejects, and what failed?"
      region = data.aws_region.current.id
      view   = "table"
      query = join("\n", [
        "SOURCE '${aws_cloudwatch_log_group.function.name}'",
        "| fields @timestamp, level, fields.message, fields.rejects, fields.objects",
        "| filter level in ['WARN', 'ERROR']",
        "| sort @timestamp desc",
        "| limit 20",
      ])
    }
  }
}

resource "aws_cloudwatch_dashboard" "events" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = concat(local.panel_widgets, [local.rejects_widget]) })
}
