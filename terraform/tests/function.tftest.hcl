# No account is needed: the provider is a mock, and every plan is made of names that are known before anything exists.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "names_everything_after_the_module" {
  command = plan

  variables {
    name = "clicks"
  }

  assert {
    condition = output.bucket_names == {
      landing = "clicks-landing-123456789012"
      stage   = "clicks-stage-123456789012"
      trusted = "clicks-trusted-123456789012"
    }
    error_message = "buckets are named after the module, the zone and the account"
  }

  assert {
    condition     = { for use, bucket in aws_s3_bucket.made : use => bucket.bucket } == merge(output.bucket_names, { results = "clicks-results-123456789012" })
    error_message = "the buckets that are created are the ones that are named"
  }

  assert {
    condition = [output.function_name, aws_iam_role.function.name, output.log_group_name, output.database_name, output.table_name] == [
      "clicks-distributor", "clicks-distributor", "/aws/lambda/clicks-distributor", "clicks", "events",
    ]
    error_message = "the function, its role, its log and the catalog are named after the module"
  }

  assert {
    condition     = output.pending_url == "s3://clicks-landing-123456789012/pending/"
    error_message = "producers are told where to put inputs"
  }
}

run "tells_the_function_where_its_zones_are" {
  command = plan

  assert {
    condition = aws_lambda_function.distributor.environment[0].variables == tomap({
      EVENTS_LANDING = "s3://events-landing-123456789012"
      EVENTS_STAGE   = "s3://events-stage-123456789012"
      EVENTS_TRUSTED = "s3://events-trusted-123456789012"
    })
    error_message = "the function knows its zones, and only what was set besides"
  }

  assert {
    condition     = output.environment == aws_lambda_function.distributor.environment[0].variables
    error_message = "commands by hand get the settings of the function"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.distributor.runtime == "provided.al2023",
      aws_lambda_function.distributor.handler == "bootstrap",
      aws_lambda_function.distributor.architectures == tolist(["arm64"]),
      aws_lambda_function.distributor.reserved_concurrent_executions == 2,
      aws_lambda_function.distributor.logging_config[0].log_format == "JSON",
      aws_cloudwatch_log_group.function.retention_in_days == 30,
    ])
    error_message = "the function is one arm64 executable that runs twice at once, one of them to be told so, and logs JSON"
  }
}

run "hands_settings_to_the_function" {
  command = plan

  variables {
    memory_budget_bytes  = 536870912
    threads              = 3
    compression          = "zstd:9"
    repair               = "guess"
    dedup_horizon_days   = 30
    fold_below_bytes     = 0
    reader_grace_seconds = 1.5
    input_bytes_max      = 1000000
  }

  assert {
    condition = {
      for name, value in aws_lambda_function.distributor.environment[0].variables :
      name => value if !contains(["EVENTS_LANDING", "EVENTS_STAGE", "EVENTS_TRUSTED"], name)
      } == {
      EVENTS_MEMORY          = "536870912"
      EVENTS_THREADS         = "3"
      EVENTS_COMPRESSION     = "zstd:9"
      EVENTS_REPAIR          = "guess"
      EVENTS_DEDUP_HORIZON   = "30"
      EVENTS_FOLD_BELOW      = "0"
      EVENTS_READER_GRACE    = "1.5"
      EVENTS_INPUT_BYTES_MAX = "1000000"
    }
    error_message = "settings are written as the function reads them"
  }
}
