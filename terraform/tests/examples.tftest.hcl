mock_provider "aws" {
  source = "./tests/mocks"
}

run "plans_the_minimal_example" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  variables {
    lambda_zip = "versions.tf"
  }

  assert {
    condition     = output.events.pending_url == "s3://clicks-landing-123456789012/pending/"
    error_message = "the example says where to put inputs"
  }
}

run "plans_the_complete_example" {
  command = plan

  module {
    source = "./examples/complete"
  }

  variables {
    lambda_zip = "versions.tf"
  }

  assert {
    condition     = [output.events.database_name, output.events.stage_table_name, output.events.workgroup_name] == ["lake", "events_stage", "clicks"]
    error_message = "the example says where to query"
  }
}
