mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "describes_the_table_of_the_core" {
  command = plan

  assert {
    condition = [for column in aws_glue_catalog_table.events[0].storage_descriptor[0].columns : "${column.name} ${column.type}"] == [
      "event_id string", "timestamp timestamp", "domain string", "event_type string", "data string", "extra string",
      "repairs string",
    ]
    error_message = "the columns of a file are the core's, in its order"
  }

  assert {
    condition = [for column in aws_glue_catalog_table.events[0].partition_keys : "${column.name} ${column.type}"] == [
      "domain_event_type string", "year int", "month int", "day int",
    ]
    error_message = "the columns of a path are the core's, in its order"
  }

  assert {
    condition     = aws_glue_catalog_table.events[0].storage_descriptor[0].location == "s3://events-trusted-123456789012/events/"
    error_message = "the table lies where the function writes"
  }

  assert {
    condition = aws_glue_catalog_table.events[0].parameters == tomap({
      "EXTERNAL"                          = "TRUE"
      "classification"                    = "parquet"
      "projection.enabled"                = "true"
      "projection.domain_event_type.type" = "injected"
      "projection.year.type"              = "integer"
      "projection.year.range"             = "2015,2035"
      "projection.month.type"             = "integer"
      "projection.month.range"            = "1,12"
      "projection.day.type"               = "integer"
      "projection.day.range"              = "1,31"
      "storage.location.template"         = "s3://events-trusted-123456789012/events/domain_event_type=$${domain_event_type}/year=$${year}/month=$${month}/day=$${day}"
    })
    error_message = "partitions are computed from the path, with numbers as they are written there: not padded"
  }
}

run "knows_the_event_types_that_it_is_given" {
  command = plan

  variables {
    event_types = ["account-status-change", "card%2Feu-issued"]
    years       = { first = 2020, last = 2020 }
  }

  assert {
    condition = [
      for name in ["projection.domain_event_type.type", "projection.domain_event_type.values", "projection.year.range"] :
      aws_glue_catalog_table.events[0].parameters[name]
    ] == ["enum", "account-status-change,card%2Feu-issued", "2020,2020"]
    error_message = "the types are enumerated as they stand in the paths"
  }
}

run "describes_the_stage" {
  command = plan

  assert {
    condition     = aws_glue_catalog_table.stage[0].storage_descriptor[0].columns == aws_glue_catalog_table.events[0].storage_descriptor[0].columns
    error_message = "rows of the stage have the columns of the table"
  }

  assert {
    condition = aws_glue_catalog_table.stage[0].parameters == tomap({
      "EXTERNAL"                  = "TRUE"
      "classification"            = "parquet"
      "projection.enabled"        = "true"
      "projection.run.type"       = "injected"
      "storage.location.template" = "s3://events-stage-123456789012/events/run=$${run}/rows"
    })
    error_message = "a query names the run, whose rows lie below its folder"
  }

  assert {
    condition     = output.stage_table_name == "events_stage"
    error_message = "the stage's table is named after the other"
  }
}

run "leaves_partitions_to_the_function" {
  command = plan

  variables {
    catalog       = "partitions"
    database_name = "lake"
    table_name    = "clicks"
  }

  assert {
    condition     = length(aws_glue_catalog_table.events) == 0 && aws_glue_catalog_table.registered[0].parameters == tomap({ EXTERNAL = "TRUE", classification = "parquet" })
    error_message = "the table computes no partitions"
  }

  assert {
    condition     = [for column in aws_glue_catalog_table.registered[0].partition_keys : "${column.name} ${column.type}"] == ["domain_event_type string", "year int", "month int", "day int"]
    error_message = "the function refuses a table with other columns of the path"
  }

  assert {
    condition     = aws_glue_catalog_table.registered[0].storage_descriptor[0].location == "s3://events-trusted-123456789012/events/"
    error_message = "the function refuses a table that lies elsewhere"
  }

  assert {
    condition = [
      for name in ["EVENTS_GLUE_DATABASE", "EVENTS_GLUE_TABLE"] : aws_lambda_function.distributor.environment[0].variables[name]
    ] == ["lake", "clicks"]
    error_message = "the function knows the table"
  }

  assert {
    condition     = [output.database_name, output.table_name] == ["lake", "clicks"]
    error_message = "the names are told"
  }

  assert {
    condition     = alltrue([for query in aws_athena_named_query.events : !strcontains(query.query, "domain_event_type = ?")])
    error_message = "queries need not name a type"
  }
}

run "makes_no_catalog_when_told_not_to" {
  command = plan

  variables {
    catalog = "none"
  }

  assert {
    condition = alltrue([
      length(aws_glue_catalog_database.events) == 0, length(aws_glue_catalog_table.events) == 0, length(aws_glue_catalog_table.registered) == 0,
      length(aws_glue_catalog_table.stage) == 0, length(aws_athena_workgroup.events) == 0, length(aws_athena_named_query.events) == 0,
      !contains(keys(aws_s3_bucket.made), "results"), output.table_name == null, output.workgroup_name == null,
    ])
    error_message = "there is nothing of Glue and Athena"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "glue:") && !strcontains(aws_iam_policy.reader.policy, "glue:") && !strcontains(aws_iam_policy.reader.policy, "athena:")
    error_message = "nobody has rights to what is not there"
  }
}

run "queries_the_table_in_a_workgroup_of_its_own" {
  command = plan

  assert {
    condition = alltrue([
      aws_athena_workgroup.events[0].configuration[0].enforce_workgroup_configuration,
      aws_athena_workgroup.events[0].configuration[0].bytes_scanned_cutoff_per_query == 1000000000000,
      aws_athena_workgroup.events[0].configuration[0].result_configuration[0].output_location == "s3://events-results-123456789012/results/",
      aws_athena_workgroup.events[0].configuration[0].result_configuration[0].encryption_configuration[0].encryption_option == "SSE_S3",
    ])
    error_message = "results are encrypted, in the results bucket, and a query is bounded, whatever its client says"
  }

  assert {
    condition = alltrue([
      for name, query in aws_athena_named_query.events : strcontains(query.query, name == "stage" ? "\"events\".\"events_stage\"" : "\"events\".\"events\"")
    ])
    error_message = "queries are about the table, or about the stage"
  }

  assert {
    condition     = alltrue([for name, query in aws_athena_named_query.events : name == "stage" || strcontains(query.query, "domain_event_type = ?")])
    error_message = "where Athena does not know the types, each query asks for one"
  }
}

run "queries_all_types_that_it_is_given" {
  command = plan

  variables {
    event_types = ["card-issued"]
  }

  assert {
    condition     = alltrue([for query in aws_athena_named_query.events : !strcontains(query.query, "domain_event_type = ?")])
    error_message = "where Athena knows the types, queries need not name one"
  }
}
