network_elems = {'source': process_source, 'auto': process_auto}
