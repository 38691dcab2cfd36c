mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "watches_what_can_go_wrong" {
  command = plan

  variables {
    alarm_email = "events@example.org"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.alarm : name => alarm.treat_missing_data } == {
      dead_letters = "notBreaching"
      errors       = "notBreaching"
      idle         = "breaching"
      late         = "notBreaching"
      ledger       = "notBreaching"
      rejects      = "notBreaching"
      throttles    = "notBreaching"
      workflow     = "notBreaching"
    }
    error_message = "silence is an alarm where there should be news, and nowhere else"
  }

  assert {
    condition     = [for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.alarm_name] == [for name in ["dead-letters", "errors", "idle", "late", "ledger", "rejects", "throttles", "workflow"] : "events-${name}"]
    error_message = "alarms are named after the module, as the topic's policy has it"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.alarm["late"].threshold == 10920 && aws_cloudwatch_metric_alarm.alarm["idle"].evaluation_periods == 24
    error_message = "an input is late after two tries, and a day without one is an alarm"
  }

  assert {
    condition     = [for value in ["period", "evaluation_periods", "datapoints_to_alarm"] : aws_cloudwatch_metric_alarm.alarm["errors"][value]] == [300, 37, 2]
    error_message = "a batch that fails comes again behind the visibility of its messages, and a second failure of it is an alarm"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "events@example.org"
    error_message = "alarms are sent to whom they concern"
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.ledger.pattern == "\"the ledger does not balance\""
    error_message = "a run that does not balance is found by its text"
  }
}

run "is_silent_about_silence_when_told_to" {
  command = plan

  variables {
    alarm_idle_hours = null
    workflow         = false
    notifications    = false
    schedule         = null
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.alarm) == ["dead_letters", "errors", "ledger", "rejects", "throttles"]
    error_message = "there is no alarm about what is not there"
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "nobody is written to unasked"
  }

  assert {
    condition     = !strcontains(aws_cloudwatch_dashboard.events[0].dashboard_body, "AWS/States")
    error_message = "the dashboard shows what there is"
  }
}

run "hears_of_errors_of_a_quick_function" {
  command = plan

  variables {
    timeout_seconds = 10
  }

  assert {
    condition     = [aws_cloudwatch_metric_alarm.alarm["errors"].evaluation_periods, aws_cloudwatch_metric_alarm.alarm["errors"].datapoints_to_alarm] == [3, 2]
    error_message = "an alarm looks at a quarter of an hour at least"
  }
}

run "shows_how_it_goes" {
  command = plan

  assert {
    condition = alltrue([
      for metric in ["RunsFailed", "Records", "Rows", "Rejects", "InputsLeft", "ApproximateAgeOfOldestMessage", "ExecutionsFailed"] :
      strcontains(aws_cloudwatch_dashboard.events[0].dashboard_body, "\"${metric}\"")
    ])
    error_message = "the dashboard tells of health, amounts, lateness and rejects"
  }
}
