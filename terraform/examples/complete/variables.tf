variable "lambda_zip" {
  description = "Path of the zip that crates/events-lambda/package makes for arm64."
  type        = string
  default     = "../../../target/package/events-lambda-arm64.zip"
}

variable "name" {
  description = "Name of the installation."
  type        = string
  default     = "clicks"
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "eu-west-1"
}

variable "reserved_concurrency" {
  description = "Invocations that a run over many may use at once."
  type        = number
  default     = 50
}

variable "alarm_email" {
  description = "Address that alarms are sent to."
  type        = string
  default     = "events@example.org"
}

variable "endpoint" {
  description = "URL of a server that plays AWS, for trying this without an account. null for AWS itself."
  type        = string
  default     = null
}
