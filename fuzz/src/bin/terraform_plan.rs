#![no_main]

use hokusai_routes::reader::Form;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hokusai_fuzz::read(Form::TerraformPlan, "plan.json", input));
