# The system with its defaults: put JSON into `pending`, query the table.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6"
    }
  }
}

variable "lambda_zip" {
  description = "Path of the zip that crates/events-lambda/package makes for arm64."
  type        = string
  default     = "../../../target/package/events-lambda-arm64.zip"
}

variable "reserved_concurrency" {
  description = "Invocations that may run at once. -1 reserves none, for a new account, whose quota is often 10 and leaves none to reserve."
  type        = number
  default     = 2
}

provider "aws" {
  region = "eu-west-1"
}

module "events" {
  source = "../.."

  name                 = "clicks"
  lambda_zip           = var.lambda_zip
  reserved_concurrency = var.reserved_concurrency
}

output "events" {
  description = "Where things are."
  value       = module.events
}
