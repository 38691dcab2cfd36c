mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "refuses_buckets_without_names" {
  command         = plan
  expect_failures = [var.bucket_names]

  variables {
    create_buckets = false
    bucket_names   = { landing = "raw" }
  }
}

run "refuses_one_bucket_for_two_zones" {
  command         = plan
  expect_failures = [var.bucket_names]

  variables {
    bucket_names = { landing = "raw", stage = "raw" }
  }
}

run "refuses_a_grace_that_leaves_no_time_for_a_run" {
  command         = plan
  expect_failures = [var.reader_grace_seconds]

  variables {
    timeout_seconds      = 300
    reader_grace_seconds = 136
  }
}

run "takes_the_longest_grace" {
  command = plan

  variables {
    timeout_seconds      = 300
    reader_grace_seconds = 135
  }

  assert {
    condition     = aws_lambda_function.distributor.environment[0].variables.EVENTS_READER_GRACE == "135"
    error_message = "half a minute is left for the run itself"
  }
}

run "takes_no_grace_in_no_time" {
  command = plan

  variables {
    timeout_seconds      = 10
    reader_grace_seconds = 0
  }

  assert {
    condition     = aws_lambda_function.distributor.timeout == 10
    error_message = "a run that waits for nobody needs no time for it"
  }
}

run "refuses_a_map_over_the_invocations_of_one_writer" {
  command         = plan
  expect_failures = [var.scale_out]

  variables {
    scale_out = true
  }
}

run "refuses_a_map_without_a_workflow" {
  command         = plan
  expect_failures = [var.scale_out]

  variables {
    scale_out            = true
    workflow             = false
    reserved_concurrency = 40
  }
}

run "refuses_fewer_invocations_than_the_queue_asks_for" {
  command         = plan
  expect_failures = [var.reserved_concurrency]

  variables {
    reserved_concurrency = 1
  }
}

run "takes_one_invocation_where_nothing_asks_for_two" {
  command = plan

  variables {
    reserved_concurrency = 1
    notifications        = false
    schedule             = null
  }

  assert {
    condition     = aws_lambda_function.distributor.reserved_concurrent_executions == 1
    error_message = "without a queue one is enough"
  }
}

run "refuses_results_in_the_bucket_of_a_zone" {
  command         = plan
  expect_failures = [var.results_bucket]

  variables {
    results_bucket = "events-trusted-123456789012"
  }
}

run "refuses_a_rate_without_a_unit" {
  command         = plan
  expect_failures = [var.schedule]

  variables {
    schedule = "rate(15)"
  }
}

run "refuses_a_cron_without_a_year" {
  command         = plan
  expect_failures = [var.schedule]

  variables {
    schedule = "cron(0 6 * * *)"
  }
}

run "refuses_a_boundary_that_is_no_policy" {
  command         = plan
  expect_failures = [var.permissions_boundary_arn]

  variables {
    permissions_boundary_arn = "events-boundary"
  }
}

run "takes_null_for_the_default" {
  command = plan

  variables {
    memory_mb      = null
    workflow       = null
    create_buckets = null
    event_types    = null
  }

  assert {
    condition     = aws_lambda_function.distributor.memory_size == 1769 && length(aws_sfn_state_machine.workflow) == 1 && length(aws_s3_bucket.made) == 4
    error_message = "whoever hands values through need not know the defaults"
  }
}

# Terraform looks at these only when the variables that they are held against are right.
run "refuses_values_out_of_range_beside_others" {
  command         = plan
  expect_failures = [var.reserved_concurrency, var.reader_grace_seconds, var.results_bucket]

  variables {
    reserved_concurrency = 0
    reader_grace_seconds = 601
    results_bucket       = "A"
  }
}

run "refuses_values_out_of_range" {
  command = plan
  expect_failures = [
    var.name, var.kms_key_arn, var.stage_retention_days, var.noncurrent_retention_days, var.pending_retention_days, var.lambda_zip, var.memory_mb,
    var.timeout_seconds, var.scratch_mb, var.memory_budget_bytes, var.threads, var.compression, var.repair,
    var.dedup_horizon_days, var.fold_below_bytes, var.log_retention_days, var.database_name, var.table_name, var.event_types, var.years,
    var.input_bytes_max, var.batch_window_seconds, var.receives_max, var.schedule, var.max_concurrency, var.item_bytes, var.alarm_email,
    var.alarm_idle_hours, var.alarm_reject_percent, var.catalog, var.results_retention_days, var.query_bytes_max,
  ]

  variables {
    name                      = "Clicks"
    kms_key_arn               = "alias/events"
    stage_retention_days      = 0
    noncurrent_retention_days = 1.5
    pending_retention_days    = 0
    lambda_zip                = "nowhere.zip"
    memory_mb                 = 128
    timeout_seconds           = 901
    scratch_mb                = 100
    memory_budget_bytes       = 1000
    threads                   = 0
    compression               = "gzip"
    repair                    = "all"
    dedup_horizon_days        = -1
    fold_below_bytes          = 0.5
    log_retention_days        = 2
    database_name             = "a-b"
    table_name                = "a b"
    event_types               = ["card/eu-issued"]
    years                     = { first = 2021, last = 2020 }
    input_bytes_max           = 0
    batch_window_seconds      = 0
    receives_max              = 4
    schedule                  = "hourly"
    max_concurrency           = 0
    item_bytes                = 1.5
    alarm_email               = "nobody"
    alarm_idle_hours          = 25
    alarm_reject_percent      = 100
    catalog                   = "hive"
    results_retention_days    = 0
    query_bytes_max           = 1000
  }
}
