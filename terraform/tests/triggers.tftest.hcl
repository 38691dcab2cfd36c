mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "asks_for_a_run_through_the_queue" {
  command = plan

  variables {
    timeout_seconds = 300
  }

  assert {
    condition = alltrue([
      aws_sqs_queue.inputs[0].visibility_timeout_seconds == 1860,
      aws_sqs_queue.inputs[0].sqs_managed_sse_enabled,
      aws_sqs_queue.dead_letters.sqs_managed_sse_enabled,
      aws_sqs_queue.inputs[0].message_retention_seconds == 1209600,
    ])
    error_message = "a message stays away for six times the time of the function and the time in which batches are gathered, and is encrypted"
  }

  assert {
    condition = [
      for queue in aws_s3_bucket_notification.landing[0].queue : [queue.filter_prefix, tolist(queue.events)]
    ] == [["pending/", tolist(["s3:ObjectCreated:*"])]]
    error_message = "S3 tells of new objects in pending, and of nothing that the function writes"
  }

  assert {
    condition = alltrue([
      aws_lambda_event_source_mapping.inputs[0].function_response_types == toset(["ReportBatchItemFailures"]),
      aws_lambda_event_source_mapping.inputs[0].scaling_config[0].maximum_concurrency == 2,
      aws_lambda_event_source_mapping.inputs[0].maximum_batching_window_in_seconds == 60,
    ])
    error_message = "the function answers for each message, is invoked twice at once and not more, and a minute of messages is one run"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_sqs_queue_policy.inputs[0].policy).Statement :
      [statement.Principal.Service, statement.Action, statement.Condition.ArnEquals["aws:SourceArn"]] if statement.Effect == "Allow"
    ] == [["s3.amazonaws.com", "sqs:SendMessage", "arn:aws:s3:::events-landing-123456789012"]]
    error_message = "nobody but the landing bucket sends on its own behalf"
  }
}

run "sweeps_on_a_schedule" {
  command = plan

  variables {
    schedule = "cron(0 6 * * ? *)"
  }

  assert {
    condition     = aws_scheduler_schedule.sweep[0].schedule_expression == "cron(0 6 * * ? *)"
    error_message = "the schedule is the one that was asked for"
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.sweep[0].target[0].input)["detail-type"] == "Scheduled Event"
    error_message = "the function knows a schedule by its type, also in a queue"
  }

  assert {
    condition     = strcontains(aws_scheduler_schedule.sweep[0].target[0].input, "<aws.scheduler.scheduled-time>")
    error_message = "Scheduler finds the place of the time as it is written here, and not with its brackets encoded"
  }

  assert {
    condition     = one(jsondecode(aws_iam_role_policy.schedule[0].policy).Statement).Resource == ["arn:aws:sqs:eu-west-1:123456789012:events-inputs", "arn:aws:sqs:eu-west-1:123456789012:events-dead-letters"]
    error_message = "the schedule sends to its queue, and what it cannot send to the dead letters"
  }
}

run "sweeps_each_quarter_of_an_hour_by_default" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.sweep[0].schedule_expression == "rate(15 minutes)"
    error_message = "what a busy table has left waits for no longer than that"
  }

  assert {
    condition     = aws_scheduler_schedule.sweep[0].state == "ENABLED" && aws_lambda_event_source_mapping.inputs[0].enabled
    error_message = "runs start unless somebody has stopped them"
  }
}

run "stops_what_starts_runs" {
  command = plan

  variables {
    enabled = false
  }

  assert {
    condition     = aws_scheduler_schedule.sweep[0].state == "DISABLED" && !aws_lambda_event_source_mapping.inputs[0].enabled
    error_message = "neither notifications nor the schedule start a run"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.landing) == 1
    error_message = "what comes meanwhile waits in the queue"
  }
}

run "sweeps_once_when_told_to" {
  command = plan

  variables {
    schedule = "at(2026-01-31T06:00:00)"
  }

  assert {
    condition     = aws_scheduler_schedule.sweep[0].schedule_expression == "at(2026-01-31T06:00:00)"
    error_message = "the schedule is the one that was asked for"
  }
}

run "sweeps_without_notifications" {
  command = plan

  variables {
    notifications = false
  }

  assert {
    condition     = length(aws_s3_bucket_notification.landing) == 0 && length(aws_sqs_queue.inputs) == 1 && length(aws_scheduler_schedule.sweep) == 1
    error_message = "the schedule needs the queue, and S3 tells of nothing"
  }

  assert {
    condition     = [for statement in jsondecode(aws_sqs_queue_policy.inputs[0].policy).Statement : statement.Effect] == ["Deny"]
    error_message = "S3 may not send what it need not"
  }
}

run "starts_nothing_by_itself_when_told_not_to" {
  command = plan

  variables {
    notifications = false
    schedule      = null
    workflow      = false
    alarms        = false
    dashboard     = false
    athena        = false
  }

  assert {
    condition = alltrue([
      length(aws_sqs_queue.inputs) == 0, length(aws_lambda_event_source_mapping.inputs) == 0, length(aws_scheduler_schedule.sweep) == 0,
      length(aws_sfn_state_machine.workflow) == 0, length(aws_cloudwatch_metric_alarm.alarm) == 0, length(aws_sns_topic.alarms) == 0,
      length(aws_cloudwatch_dashboard.events) == 0, length(aws_athena_workgroup.events) == 0,
    ])
    error_message = "each part can be left out"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "sqs:ReceiveMessage")
    error_message = "the function has no rights to a queue that is not there"
  }
}

run "does_the_two_halves_of_the_job_by_default" {
  command = plan

  assert {
    condition     = keys(jsondecode(aws_sfn_state_machine.workflow[0].definition).States) == ["Distribute", "Done", "Failed", "Is anything left?", "Parse", "Was there nothing to distribute?"]
    error_message = "the workflow parses and distributes"
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Parse.Parameters.FunctionName == "arn:aws:lambda:eu-west-1:123456789012:function:events-distributor"
    error_message = "the workflow invokes the function"
  }
}

run "scales_out_when_told_to" {
  command = plan

  variables {
    scale_out            = true
    reserved_concurrency = 40
    item_bytes           = 1000000
  }

  assert {
    condition = [
      jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Parse.ItemProcessor.ProcessorConfig.Mode,
      jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Parse.MaxConcurrency,
      jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Prepare.Parameters.Payload.item_bytes,
      jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Prepare.Parameters.Payload.input_bytes_max,
    ] == ["DISTRIBUTED", 40, 1000000, null]
    error_message = "the workflow is a distributed map over as many invocations as the function may have"
  }
}

run "names_services_of_the_partition" {
  command = plan

  variables {
    scale_out            = true
    reserved_concurrency = 40
  }

  override_data {
    target = data.aws_partition.current
    values = {
      partition  = "aws-cn"
      dns_suffix = "amazonaws.com.cn"
    }
  }

  assert {
    condition     = strcontains(aws_sfn_state_machine.workflow[0].definition, "arn:aws-cn:states:::s3:getObject") && !strcontains(aws_sfn_state_machine.workflow[0].definition, "arn:aws:")
    error_message = "the workflow names services as the partition does"
  }
}

run "bounds_the_map_where_nothing_is_reserved" {
  command = plan

  variables {
    scale_out            = true
    reserved_concurrency = -1
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Write.MaxConcurrency == 100
    error_message = "a map takes no more than a hundred invocations of the account unasked"
  }
}
