-- Settlements between provinces as text with tabs: MySQL 5.7 and later. docs/database.md says how it is run.
-- 跨省结算记录导出为制表符分隔的文本：MySQL 5.7 及以上。用法见 docs/database.zh-CN.md。
-- IFNULL: the client writes the word NULL otherwise. 不加 IFNULL，客户端会写出 NULL 四个字母。
SET time_zone = '+08:00';
SELECT IFNULL(setl_id, '') AS setl_id,
       IFNULL(mdtrt_id, '') AS mdtrt_id,
       IFNULL(init_setl_id, '') AS init_setl_id,
       IFNULL(psn_no, '') AS psn_no,
       IFNULL(insu_admdvs, '') AS insuplc_admdvs,
       IFNULL(mdtrtarea_admvs, '') AS mdtrtarea_admvs,
       IFNULL(fixmedins_code, '') AS fixmedins_code,
       IFNULL(insutype, '') AS insutype,
       IFNULL(med_type, '') AS med_type,
       IFNULL(dise_no, '') AS dise_codg,
       IFNULL(DATE_FORMAT(begndate, '%Y-%m-%d'), '') AS begndate,
       IFNULL(DATE_FORMAT(enddate, '%Y-%m-%d'), '') AS enddate,
       IFNULL(DATE_FORMAT(setl_time, '%Y-%m-%d %H:%i:%s'), '') AS setl_time,
       IFNULL(refd_setl_flag, '') AS refd_setl_flag,
       IFNULL(fulamt_advpay_flag, '') AS fulamt_advpay_flag,
       IFNULL(CAST(medfee_sumamt AS CHAR), '') AS medfee_sumamt,
       IFNULL(CAST(hifp_pay AS CHAR), '') AS hifp_pay,
       IFNULL(CAST(cvlserv_pay AS CHAR), '') AS cvlserv_pay,
       IFNULL(CAST(hifes_pay AS CHAR), '') AS hifes_pay,
       IFNULL(CAST(hifmi_pay AS CHAR), '') AS hifmi_pay,
       IFNULL(CAST(hifob_pay AS CHAR), '') AS hifob_pay,
       IFNULL(CAST(hifdm_pay AS CHAR), '') AS hifdm_pay,
       IFNULL(CAST(maf_pay AS CHAR), '') AS maf_pay,
       IFNULL(CAST(othfund_pay AS CHAR), '') AS oth_pay,
       IFNULL(CAST(fund_pay_sumamt AS CHAR), '') AS fund_pay_sumamt,
       IFNULL(CAST(acct_pay AS CHAR), '') AS acct_pay,
       IFNULL(CAST(cash_payamt AS CHAR), '') AS psn_cash_pay,
       IFNULL(CAST(ownpay_hosp_part AS CHAR), '') AS hosp_part_amt,
       IFNULL(CAST(acct_mulaid_pay AS CHAR), '') AS acct_mulaid_pay,
       IFNULL(CAST(fulamt_ownpay_amt AS CHAR), '') AS fulamt_ownpay_amt,
       IFNULL(CAST(overlmt_selfpay AS CHAR), '') AS overlmt_selfpay,
       IFNULL(CAST(preselfpay_amt AS CHAR), '') AS preselfpay_amt,
       IFNULL(CAST(inscp_amt AS CHAR), '') AS inscp_scp_amt
FROM setl_d
WHERE vali_flag = '1'
  AND setl_time >= DATE '@FROM@' AND setl_time < DATE '@TO@'
  AND (insu_admdvs IS NULL OR mdtrtarea_admvs IS NULL
       OR CASE WHEN insu_admdvs LIKE '6590%' THEN '66' ELSE SUBSTR(insu_admdvs, 1, 2) END
       <> CASE WHEN mdtrtarea_admvs LIKE '6590%' THEN '66' ELSE SUBSTR(mdtrtarea_admvs, 1, 2) END)
ORDER BY setl_d.setl_time, setl_d.setl_id;
