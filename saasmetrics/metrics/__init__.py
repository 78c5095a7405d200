"""The metrics, one topic a module; every public function is one metric of the catalogue."""
